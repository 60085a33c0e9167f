"""The people's side of the simulator: handsets to play with, and the levers behind the scenes."""
