"""Work beside the window: training and other jobs in threads, what they report, and what is imported for them."""
