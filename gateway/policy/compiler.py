"""From the checked YAML document to the policy that decisions read."""

from gateway.policy.rules import Policy as Policy
