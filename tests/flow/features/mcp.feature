Feature: MCP

  Scenario: The result of a server over HTTP is the output
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a:
        call: mcp
        with: {method: tools/call, parameters: {name: add, arguments: {a: "${ .n }"}}, transport: {http: {endpoint: 'http://x.test/mcp'}}}
    """
    And given the workflow input is:
    """yaml
    {n: 7}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {method: tools/call, params: {name: add, arguments: {a: 7}}, session: true}
    """

  Scenario: What the server refuses can be caught
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a:
        try: [{b: {call: mcp, with: {method: resources/list, transport: {http: {endpoint: 'http://x.test/mcp'}}}}}]
        catch: {errors: {with: {status: 500}}, do: [{h: {set: {t: "${ $error.title }"}}}]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {t: MCP error}
    """
