"""What every benchmark needs: machine, programs, a show to measure, results."""
