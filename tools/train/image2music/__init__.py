"""From a picture to a room's opening music and palette: reading, retrieval, composing, judging, explaining."""
