"""Between terminal and centre: the wire contract, the outbox and the MQTT client."""
