"""Exams in a medical room: a medic types what instruments show, and the centre records it as terminals record theirs."""
