Feature: Listen

  Scenario: One event is heard, others are passed over
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: one, version: 1.0.0}
    do:
    - a: {listen: {to: {one: {with: {type: order.made}}}}}
    """
    And given the events are:
    """yaml
    - {after_ms: 0, event: {specversion: '1.0', id: '1', source: urn:shop, type: order.lost, data: {n: 1}}}
    - {after_ms: 1000, event: {specversion: '1.0', id: '2', source: urn:shop, type: order.made, data: {n: 2}}}
    - {after_ms: 2000, event: {specversion: '1.0', id: '3', source: urn:shop, type: order.made, data: {n: 3}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{n: 2}]
    """

  Scenario: The same source and id is the same event
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: again, version: 1.0.0}
    do:
    - a: {listen: {to: {any: [{with: {type: t}}], until: "length == 2"}}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: 1}}
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: 2}}
    - {event: {specversion: '1.0', id: '1', source: urn:y, type: t, data: 3}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1, 3]
    """

  Scenario: Any of several, and the filter over data is an expression
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: any, version: 1.0.0}
    do:
    - a:
        listen:
          to:
            any:
            - with: {type: temperature, data: "${ .celsius > 38 }"}
            - with: {type: '/^pulse\.(high|low)$/', source: "${ startswith(\"urn:ward:\") }"}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: 'urn:ward:1', type: temperature, data: {celsius: 37}}}
    - {event: {specversion: '1.0', id: '2', source: 'urn:home:1', type: pulse.high, data: {bpm: 140}}}
    - {event: {specversion: '1.0', id: '3', source: 'urn:ward:1', type: temperature, data: nothing measured}}
    - {event: {specversion: '1.0', id: '4', source: 'urn:ward:1', type: pulse.high, data: {bpm: 130}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{bpm: 130}]
    """

  Scenario: All of them, in whatever order they come
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: all, version: 1.0.0}
    do:
    - a: {listen: {to: {all: [{with: {type: paid}}, {with: {type: packed}}, {with: {type: packed}}]}}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: packed, data: box 1}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: paid, data: money}}
    - {event: {specversion: '1.0', id: '3', source: urn:x, type: paid, data: more money}}
    - {event: {specversion: '1.0', id: '4', source: urn:x, type: packed, data: box 2}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [box 1, money, box 2]
    """

  Scenario: Until an expression over what was read holds
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: until, version: 1.0.0}
    do:
    - a: {listen: {to: {any: [], until: "(map(.n) | add) > 4"}}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: a, data: {n: 1}}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: b, data: {n: 2}}}
    - {event: {specversion: '1.0', id: '3', source: urn:x, type: c, data: {n: 3}}}
    - {event: {specversion: '1.0', id: '4', source: urn:x, type: d, data: {n: 4}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{n: 1}, {n: 2}, {n: 3}]
    """

  Scenario: Until an event that is not part of the output
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: stop, version: 1.0.0}
    do:
    - a: {listen: {to: {any: [{with: {type: item}}], until: {one: {with: {type: stop}}}}}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: item, data: 1}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: item, data: 2}}
    - {event: {specversion: '1.0', id: '3', source: urn:x, type: stop, data: 3}}
    - {event: {specversion: '1.0', id: '4', source: urn:x, type: item, data: 4}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1, 2]
    """

  Scenario: Until several events have come
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: stops, version: 1.0.0}
    do:
    - a:
        listen:
          to: {any: [], until: {all: [{with: {type: stop, data: a}}, {with: {type: stop, data: b}}]}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: stop, data: b}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: stop, data: b}}
    - {event: {specversion: '1.0', id: '3', source: urn:x, type: stop, data: a}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [b]
    """

  Scenario: The envelope is read
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: envelope, version: 1.0.0}
    do:
    - a: {listen: {to: {one: {with: {type: t}}}, read: envelope}, output: {as: ".[0] | [.id, .source, .data, .extra]"}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: {n: 9007199254740993}, extra: more}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ['1', 'urn:x', {n: 9007199254740993}, more]
    """

  Scenario: The data are read raw
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: raw, version: 1.0.0}
    do:
    - a: {listen: {to: {any: [], until: "length == 2"}, read: raw}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: {n: 1}}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: t, data: plain}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ['{"n":1}', plain]
    """

  Scenario: For each item, its tasks, its output, its export
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: foreach, version: 1.0.0}
    do:
    - a:
        listen: {to: {any: [{with: {type: t}}], until: "length == 2"}}
        foreach:
          item: reading
          at: i
          do:
          - b: {set: {twice: "${ $reading.n * 2 }", i: "${ $i }"}}
          - c: {set: {same: "${ . }", n: "${ $reading.n }"}}
          output: {as: "{v: .same.twice, i: .same.i}"}
          export: {as: "$context + {last: .v}"}
    - d: {set: "${ {heard: ., context: $context} }"}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: {n: 5}}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: t, data: {n: 7}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {heard: [{v: 10, i: 0}, {v: 14, i: 1}], context: {last: 14}}
    """

  Scenario: While foreach is at work the next event waits
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: slow, version: 1.0.0}
    do:
    - a:
        listen: {to: {any: [{with: {type: t}}], until: "length == 3"}}
        foreach:
          do: [{w: {wait: {seconds: 10}}}]
    """
    And given the events are:
    """yaml
    - {after_ms: 0, event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: 1}}
    - {after_ms: 1000, event: {specversion: '1.0', id: '2', source: urn:x, type: t, data: 2}}
    - {after_ms: 2000, event: {specversion: '1.0', id: '3', source: urn:x, type: t, data: 3}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [1, 2, 3]
    """

  Scenario: A fault in foreach is the listener's
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: badround, version: 1.0.0}
    do:
    - a:
        try:
        - b:
            listen: {to: {one: {with: {type: t}}}}
            foreach: {do: [{c: {raise: {error: {type: 'urn:bad', status: 400, title: bad}}}}]}
        catch: {do: [{d: {set: "${ $error.instance }"}}]}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: 1}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    /do/0/a/try/0/b/foreach/do/0/c
    """

  Scenario: The first value seen binds a key that all filters share
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: correlate, version: 1.0.0}
    do:
    - a:
        listen:
          to:
            all:
            - {with: {type: made}, correlate: {order: {from: .data.order}}}
            - {with: {type: paid}, correlate: {order: {from: .data.order}}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '0', source: urn:x, type: made, data: {none: here}}}
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: made, data: {order: 7}}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: paid, data: {order: 8}}}
    - {event: {specversion: '1.0', id: '3', source: urn:x, type: paid, data: {order: 7, how: cash}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{order: 7}, {order: 7, how: cash}]
    """

  Scenario: Only what is expected correlates
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: expect, version: 1.0.0}
    do:
    - a:
        listen:
          to: {one: {with: {type: paid}, correlate: {order: {from: .data.order, expect: "${ .order }"}}}}
    """
    And given the workflow input is:
    """yaml
    {order: 8}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: paid, data: {order: 7}}}
    - {event: {specversion: '1.0', id: '2', source: urn:x, type: paid, data: {order: 8}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [{order: 8}]
    """

  Scenario: What was emitted before is not heard
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: older, version: 1.0.0}
    do:
    - a: {emit: {event: {with: {type: t, source: urn:x, data: old}}}}
    - b:
        fork:
          branches:
          - hear: {listen: {to: {one: {with: {type: t}}}}}
          - say: {emit: {event: {with: {type: t, source: urn:x, data: new}}}}
    - c: {set: "${ .[0] }"}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [new]
    """

  Scenario: Unless the listener says since when
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: since, version: 1.0.0}
    do:
    - a: {emit: {event: {with: {type: t, source: urn:x, data: old}}}}
    - w: {wait: {seconds: 30}}
    - b: {listen: {to: {one: {with: {type: t}}}}, metadata: {since: PT1M}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [old]
    """

  Scenario: Two who listen hear the same event
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: both, version: 1.0.0}
    do:
    - a:
        fork:
          branches:
          - x: {listen: {to: {one: {with: {type: t}}}}}
          - y: {listen: {to: {one: {with: {type: t}}}}}
    """
    And given the events are:
    """yaml
    - {event: {specversion: '1.0', id: '1', source: urn:x, type: t, data: 1}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [[1], [1]]
    """

  Scenario: A listener times out
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: late, version: 1.0.0}
    do:
    - a: {listen: {to: {one: {with: {type: t}}}}, timeout: {after: {seconds: 5}}}
    """
    And given the events are:
    """yaml
    - {after_ms: 4000, event: {specversion: '1.0', id: '1', source: urn:x, type: other}}
    - {after_ms: 6000, event: {specversion: '1.0', id: '2', source: urn:x, type: t}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/timeout, status: 408, instance: /do/0/a}
    """

  Scenario: In time, on a clock that jumps
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: intime, version: 1.0.0}
    do:
    - a: {listen: {to: {one: {with: {type: t}}}}, timeout: {after: {hours: 5}}}
    """
    And given the events are:
    """yaml
    - {after_ms: 14400000, event: {specversion: '1.0', id: '2', source: urn:x, type: t}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [null]
    """
