"""What comes from terminals and goes to them: taking in, checking, answering, sending again."""
