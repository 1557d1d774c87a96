"""Who is on duty, who is rung when an exam waits unopened, and what each medic has done."""
