"""The demonstration: a real broker, centre, kiosk and lines; simulated devices, a scripted worker and a scripted medic."""
