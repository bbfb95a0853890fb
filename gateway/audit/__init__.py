"""The record of every decision, durable before the first upstream byte. It holds no text."""
