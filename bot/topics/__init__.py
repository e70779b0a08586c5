"""What people follow: topics understood, matched with papers, and explained."""
