Feature: Flow

  Scenario: A condition that does not hold skips the task
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {if: .go, set: {x: 1}}
    - b: {if: "${ .go | not }", set: {y: 2}}
    """
    And given the workflow input is:
    """yaml
    {go: false}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {y: 2}
    """
    And b should run first

  Scenario: A skipped task gives its raw input and its then does not apply
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {if: "false", input: {from: .x}, set: {x: 1}, then: end}
    - b: {set: {got: "${ . }"}}
    """
    And given the workflow input is:
    """yaml
    {x: 3}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {got: {x: 3}}
    """

  Scenario: End ends the run
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    do:
    - a: {do: [{b: {set: {x: 1}, then: end}}], output: {as: "{lost: true}"}}
    - c: {set: {y: 2}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {x: 1}
    """

  Scenario: Exit leaves the scope
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {do: [{b: {set: {x: 1}, then: exit}}, {c: {set: {x: 2}}}]}
    - d: {set: {got: "${ .x }"}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {got: 1}
    """
    And d should run last

  Scenario: A name jumps within the scope
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s4, version: 1.0.0}
    do:
    - a: {set: {n: 1}, then: c}
    - b: {set: {n: "${ .n * 10 }"}, then: end}
    - c: {set: {n: "${ .n + 1 }"}, then: b}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 20}
    """
    And c should run after a
    And b should run last

  Scenario: A loop by jumping back
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s5, version: 1.0.0}
    do:
    - a: {set: {n: "${ .n + 1 }"}}
    - b: {switch: [{again: {when: .n < 5, then: a}}]}
    """
    And given the workflow input is:
    """yaml
    {n: 0}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 5}
    """

  Scenario: No case and no default goes on
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s6, version: 1.0.0}
    do:
    - a: {switch: [{x: {when: .n == 2, then: end}}]}
    - b: {set: {r: "${ .n }"}}
    """
    And given the workflow input is:
    """yaml
    {n: 1}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {r: 1}
    """

  Scenario: Events that are emitted are whole
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s7, version: 1.0.0}
    do:
    - a: {emit: {event: {with: {type: t.a, source: "http://s", data: {n: "${ .n }"}}}}}
    """
    And given the workflow input is:
    """yaml
    {n: 4}
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'id', 'time', 'specversion', 'type'
    And the workflow output should have a 'data' property with value:
    """yaml
    {n: 4}
    """

  Scenario: A wait passes its input through
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s8, version: 1.0.0}
    do:
    - a: {wait: {seconds: 30}}
    - b: {wait: PT1H}
    """
    And given the workflow input is:
    """yaml
    {n: 4}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {n: 4}
    """
