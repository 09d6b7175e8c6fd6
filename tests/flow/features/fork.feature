Feature: Fork

  Scenario: Outputs stand in the order of the branches
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {fork: {branches: [{x: {do: [{w: {wait: {milliseconds: 20}}}, {s: {set: {v: 1}}}]}}, {y: {set: {v: 2}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{v: 1}, {v: 2}]
    """

  Scenario: The first to complete wins
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {fork: {compete: true, branches: [{x: {do: [{w: {wait: {hours: 1}}}, {s: {set: {v: 1}}}]}}, {y: {set: {v: 2}}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {v: 2}
    """

  Scenario: A fault loses a competition
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    do:
    - a: {fork: {compete: true, branches: [{x: {raise: {error: {type: "urn:x", status: 500, title: t}}}}, {y: {do: [{w: {wait: {milliseconds: 5}}}, {s: {set: {v: 2}}}]}}]}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {v: 2}
    """

  Scenario: When all fault the last fault is raised
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {fork: {compete: true, branches: [{x: {raise: {error: {type: "urn:x", status: 500, title: t}}}}, {y: {do: [{w: {wait: {milliseconds: 5}}}, {s: {raise: {error: {type: "urn:y", status: 501, title: t}}}}]}}]}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:y", status: 501}
    """

  Scenario: A fault cancels the other branches
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s4, version: 1.0.0}
    do:
    - a: {fork: {branches: [{x: {wait: {hours: 1}}}, {y: {raise: {error: {type: "urn:x", status: 500, title: t}}}}]}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:x", status: 500}
    """
