"""Put a swapped face into its frame."""
