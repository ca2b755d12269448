"""What every backend must hold, whoever implements it."""
