Feature: Absent

  Scenario: What is not there yet is said
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {call: mcp, with: {method: tools/list, transport: {http: {endpoint: 'http://x.test/mcp'}}}}
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
    - a:
        try: [{b: {call: mcp, with: {method: tools/list, transport: {http: {endpoint: 'http://x.test/mcp'}}}}}]
        catch: {do: [{h: {set: {t: "${ $error.title }"}}}]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {t: Not there yet}
    """
