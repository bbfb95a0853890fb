"""Policies: YAML that compliance people edit, compiled to plain predicates, and the decision they make."""
