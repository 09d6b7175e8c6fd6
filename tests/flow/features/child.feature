Feature: Workflows that run workflows

  Scenario: The output of the other is the task's
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: child, version: '1.0.0', input: {n: "${ .n }"}}}}
    - b: {set: "${ . + {after: true} }"}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 1.0.0}
    do:
    - w: {wait: {seconds: 5}}
    - s: {set: {twice: "${ .n * 2 }"}}
    """
    And given the workflow input is:
    """yaml
    {n: 4}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {twice: 8, after: true}
    """

  Scenario: The latest version, with the task's input
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: "${ .which }"}}}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 2.1.0}
    do:
    - s: {set: "${ {got: ., version: $workflow.definition.document.version} }"}
    """
    And given the workflow input is:
    """yaml
    {which: child}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {got: {which: child}, version: 2.1.0}
    """

  Scenario: Nothing of it is wanted
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: child, version: latest}, return: none}}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 1.0.0}
    do:
    - s: {set: {x: 1}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    null
    """

  Scenario: It is not waited for
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: child, version: 1.0.0}, await: false}}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 1.0.0}
    do:
    - w: {wait: {days: 5}}
    """
    And given the workflow input is:
    """yaml
    goes on
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    goes on
    """

  Scenario: An error goes up as it is
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: child, version: 1.0.0}}}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 1.0.0}
    do:
    - s: {raise: {error: {type: 'urn:own', status: 418, title: Teapot, detail: short}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: 'urn:own', status: 418, title: Teapot, detail: short, instance: /do/0/a}
    """

  Scenario: Each try is a run of its own
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - t:
        try: [{a: {run: {workflow: {namespace: own, name: child, version: 1.0.0}}, timeout: {after: {seconds: 5}}}}]
        catch:
          retry: {delay: {seconds: 1}, limit: {attempt: {count: 2}}}
          do: [{b: {set: "${ $error.status }"}}]
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 1.0.0}
    do:
    - w: {wait: {days: 1}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    408
    """

  Scenario: There is no such workflow
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: nobody, version: 1.0.0}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/configuration, status: 400, instance: /do/0/a}
    """

  Scenario: Runs go thirty-two deep and no deeper
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - a: {run: {workflow: {namespace: own, name: deeper, version: 1.0.0, input: 1}}}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: deeper, version: 1.0.0}
    do:
    - t:
        try: [{a: {run: {workflow: {namespace: own, name: deeper, version: 1.0.0, input: "${ . + 1 }"}}}}]
        catch: {do: [{b: {set: "${ . }"}}]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    32
    """

  Scenario: Two runs talk by events
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: parent, version: 1.0.0}
    do:
    - f:
        fork:
          branches:
          - a: {run: {workflow: {namespace: own, name: child, version: 1.0.0}}}
          - b:
              do:
              - ready: {listen: {to: {one: {with: {type: ready}}}}}
              - go: {emit: {event: {with: {type: go, source: urn:x, data: {word: now}}}}}
    - c: {set: "${ .[0] }"}
    """
    And a further workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: child, version: 1.0.0}
    do:
    - f:
        fork:
          branches:
          - hear: {listen: {to: {one: {with: {type: go}}}}}
          - tell: {emit: {event: {with: {type: ready, source: urn:x}}}}
    - s: {set: "${ .[0][0] }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {word: now}
    """
