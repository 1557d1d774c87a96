"""What an employer keeps of its own people: plans of shifts, posts, changes that wait for a senior medic."""
