"""The versioned wire contract between terminal and centre: pure, shared by both sides, additive within a version.

`topics` names the channels, `envelope` seals and opens messages, the payloads stand one module each
(`exam`, `decision`, `media`, `roster`, `receipt`, `health`), `codes` maps quantities to MDC, LOINC and UCUM.
"""
