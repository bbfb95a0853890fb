"""The side that faces clients: authentication, strict parsing, rendering in the client's wire format."""
