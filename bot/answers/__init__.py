"""What papers say, in their own sentences, or that they do not say."""
