"""Chinese local-government policy documents as numbered clauses, aligned across places."""
