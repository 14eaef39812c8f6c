"""What does it take to decide? What the chapters on intervals, plans and costs compute."""
