Feature: Function

  Scenario: A function is a task that is called by name
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    use: {functions: {double: {set: {n: "${ .n * 2 }"}}}}
    do:
    - a: {call: double, with: {n: "${ .x }"}}
    - b: {call: double}
    """
    And given the workflow input is:
    """yaml
    {x: 5}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 20}
    """

  Scenario: A function of more tasks
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    use: {functions: {f: {do: [{p: {set: {n: "${ .n + 1 }"}}}, {q: {set: {n: "${ .n * 10 }"}}}]}}}
    do:
    - a: {call: f, output: {as: .n}}
    """
    And given the workflow input is:
    """yaml
    {n: 1}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    20
    """
    And p should run after a
    And q should run last

  Scenario: Its fault is at the calling task
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    use: {functions: {f: {do: [{p: {raise: {error: {type: "urn:x", status: 500, title: t}}}}]}}}
    do:
    - a: {call: f}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:x", instance: /do/0/a/do/0/p}
    """

  Scenario: It is tried again with its caller
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    use: {functions: {f: {run: {shell: {command: exit 2}}}}}
    do:
    - a: {try: [{b: {call: f}}], catch: {errors: {with: {status: 500}}, retry: {delay: {seconds: 1}, limit: {attempt: {count: 2}}}, do: [{h: {set: {r: "${ $error.instance }"}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {r: /do/0/a/try/0/b}
    """
