"""Papers: the mark for the waybill, the refusal certificate, the protocol, the conclusion."""
