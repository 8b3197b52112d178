"""Hardware and programs that people steer a show with: MIDI, OSC, a tempo from elsewhere. All end in commands."""
