Feature: Absent

  Scenario: What is not there yet is said
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {listen: {to: {one: {with: {type: x.y}}}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration, status: 400, title: Not there yet, instance: /do/0/a}
    """

  Scenario: And can be caught
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {try: [{b: {run: {workflow: {namespace: n, name: n, version: 1.0.0}}}}], catch: {do: [{h: {set: {t: "${ $error.title }"}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {t: Not there yet}
    """
