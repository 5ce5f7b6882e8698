"""Platform adapters: one file a platform, and the list of them."""
