"""Use cases: what joins the library with the catalog and the jobs. Services speak domain types, never wire types."""
