"""Partners: exchange with carriers' and states' systems: the medic's titles of the electronic waybill."""
