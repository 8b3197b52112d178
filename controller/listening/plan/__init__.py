"""A show that was rehearsed: what it is made of, and finding a band's place in it while they play."""
