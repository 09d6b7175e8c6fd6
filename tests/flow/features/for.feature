Feature: For

  Scenario: Each round is the next ones input
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {for: {in: .l, each: x}, do: [{b: {set: {l: "${ .l }", s: "${ .s + $x }"}}}]}
    """
    And given the workflow input is:
    """yaml
    {l: [1, 2, 3], s: 0}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {l: [1, 2, 3], s: 6}
    """

  Scenario: Zero rounds give the input
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {for: {in: .l}, do: [{b: {set: {x: 1}}}]}
    """
    And given the workflow input is:
    """yaml
    {l: []}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {l: []}
    """

  Scenario: The names default to item and index
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    do:
    - a: {for: {in: "[7, 8]"}, do: [{b: {set: "${ . + [[$item, $index]] }"}}]}
    """
    And given the workflow input is:
    """yaml
    []
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [[7, 0], [8, 1]]
    """

  Scenario: While is asked before each round
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {for: {in: "[1, 2, 3, 4]"}, while: .n < 2, do: [{b: {set: {n: "${ .n + 1 }"}}}]}
    """
    And given the workflow input is:
    """yaml
    {n: 0}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 2}
    """

  Scenario: Anything but an array is a fault
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s4, version: 1.0.0}
    do:
    - a: {for: {in: .}, do: [{b: {set: {x: 1}}}]}
    """
    And given the workflow input is:
    """yaml
    {x: 1}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/a}
    """

  Scenario: Loops nest
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s5, version: 1.0.0}
    do:
    - a: {for: {in: "[1, 2]", each: x}, do: [{b: {for: {in: "[10, 20]", each: y}, do: [{c: {set: "${ . + [$x * $y] }"}}]}}]}
    """
    And given the workflow input is:
    """yaml
    []
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [10, 20, 20, 40]
    """

  Scenario: Exit ends the round only
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s6, version: 1.0.0}
    do:
    - a: {for: {in: "[1, 2, 3]"}, do: [{b: {set: "${ . + [$item] }", then: exit}}, {c: {set: {lost: true}}}]}
    """
    And given the workflow input is:
    """yaml
    []
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1, 2, 3]
    """

  Scenario: Rounds at the same time keep their order
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s7, version: 1.0.0}
    do:
    - a: {for: {in: "[3, 1, 2]"}, do: [{w: {wait: {milliseconds: 5}}}, {b: {set: {v: "${ $item * 2 }"}}}], metadata: {parallel: {max: 2}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{v: 6}, {v: 2}, {v: 4}]
    """

  Scenario: The first fault ends parallel rounds
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s8, version: 1.0.0}
    do:
    - a: {for: {in: "[1, 2]"}, do: [{b: {raise: {error: {type: "urn:x", status: 418, title: "${ $item | tostring }"}}}}], metadata: {parallel: {max: 5}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: "urn:x", status: 418, title: "1"}
    """

  Scenario: Settled rounds tell of each
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s9, version: 1.0.0}
    do:
    - a: {for: {in: "[1, 0]"}, do: [{b: {if: $item == 0, raise: {error: {type: "urn:x", status: 418, title: t}}}}, {c: {set: {v: "${ $item }"}}}], metadata: {parallel: {max: 5, settle: true}}}
    - z: {set: "${ [.[0].output.v, .[1].error.status] }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1, 418]
    """
