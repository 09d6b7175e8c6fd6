Feature: Data

  Scenario: Without an input it is null
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {set: {in: "${ . }", w: "${ $workflow.input }"}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {in: null, w: null}
    """

  Scenario: Set replaces and never merges
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {set: {x: 1}}
    - b: {set: {y: 2}}
    """
    And given the workflow input is:
    """yaml
    {z: 3}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {y: 2}
    """

  Scenario: Set may be one expression
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    do:
    - a: {set: "${ .n + 1 }"}
    """
    And given the workflow input is:
    """yaml
    {n: 2}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3
    """

  Scenario: Expressions stand at any depth
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {set: {a: [{b: "${ .n }"}, "text ${ .n }"]}}
    """
    And given the workflow input is:
    """yaml
    {n: [1]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {a: [{b: [1]}, "text ${ .n }"]}
    """

  Scenario: Input and output of a task are transformed
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s4, version: 1.0.0}
    do:
    - a:
        input: {from: .a}
        set: {got: "${ . }"}
        output: {as: "{out: .got, in: $input}"}
    """
    And given the workflow input is:
    """yaml
    {a: 7}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {out: 7, in: 7}
    """

  Scenario: Input and output of the workflow are transformed
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s5, version: 1.0.0}
    input: {from: .a}
    do:
    - a: {set: {v: "${ . }"}}
    output: {as: .v}
    """
    And given the workflow input is:
    """yaml
    {a: [1, 2]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1, 2]
    """

  Scenario: The context is what was exported last
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s6, version: 1.0.0}
    do:
    - a: {set: {x: 1}, export: {as: "{seen: [.x]}"}}
    - b: {set: {x: 2}, export: {as: "{seen: ($context.seen + [.x])}"}}
    - c: {set: "${ $context }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {seen: [1, 2]}
    """

  Scenario: The first of several results is taken and none is null
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s7, version: 1.0.0}
    do:
    - a: {set: {first: "${ .[] }", none: "${ empty }"}}
    """
    And given the workflow input is:
    """yaml
    [5, 6]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {first: 5, none: null}
    """

  Scenario: Integers of 64 bits stay whole where they only move
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s8, version: 1.0.0}
    do:
    - a: {set: {n: "${ .n }", l: "${ [.n, 1] }"}}
    """
    And given the workflow input is:
    """yaml
    {n: 9007199254740993}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 9007199254740993, l: [9007199254740993, 1]}
    """

  Scenario: The task tells of itself
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s9, version: 1.0.0}
    do:
    - a: {set: {n: "${ $task.name }", r: "${ $task.reference }", w: "${ $workflow.definition.document.name }", e: "${ $runtime.name }"}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: a, r: /do/0/a, w: s9, e: countersign}
    """

  Scenario: An expression that fails is a fault
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s10, version: 1.0.0}
    do:
    - a: {set: {x: "${ .a.b }"}}
    """
    And given the workflow input is:
    """yaml
    {a: 1}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/expression, status: 400, instance: /do/0/a}
    """

  Scenario: Anchored text is no expression in strict mode
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s11, version: 1.0.0}
    do:
    - a: {set: {x: "a ${ 1 } b", y: " ${ 1 } "}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {x: "a ${ 1 } b", y: 1}
    """
