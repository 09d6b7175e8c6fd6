Feature: Process

  Scenario: The output is byte exact
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s0, version: 1.0.0}
    do:
    - a: {run: {shell: {command: "printf 'a\\n\\n'"}}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "a\n\n"
    """

  Scenario: Arguments and environment are the listed ones
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s1, version: 1.0.0}
    do:
    - a: {run: {shell: {command: "printf %s \"$1-$2-$X-$HOME\"", arguments: [one, two], environment: {X: "${ .x }"}}}}
    """
    And given the workflow input is:
    """yaml
    {x: 3}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    one-two-3-
    """

  Scenario: A code that is not zero is a fault
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s2, version: 1.0.0}
    do:
    - a: {run: {shell: {command: exit 3}}}
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    {type: https://serverlessworkflow.io/spec/1.0.0/errors/runtime, status: 500, instance: /do/0/a}
    """

  Scenario: Unless the code was asked for
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s3, version: 1.0.0}
    do:
    - a: {run: {shell: {command: exit 3}, return: code}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3
    """

  Scenario: All of it
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s4, version: 1.0.0}
    do:
    - a: {run: {shell: {command: "echo out; echo err >&2; exit 4"}, return: all}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    {code: 4, stdout: "out\n", stderr: "err\n"}
    """

  Scenario: None of it
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s5, version: 1.0.0}
    do:
    - a: {run: {shell: {command: echo out}, return: none}}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    null
    """

  Scenario: Standard input is given
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s6, version: 1.0.0}
    do:
    - a: {run: {shell: {command: cat, stdin: "${ .t }"}}}
    """
    And given the workflow input is:
    """yaml
    {t: through}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    through
    """

  Scenario: A map of arguments to a command is names with values
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.0', namespace: own, name: s7, version: 1.0.0}
    do:
    - a:
        run:
          shell:
            command: echo "$@"
            arguments: {'--user': '${ .user }', '${ .passwordKey }': doe, last: }
    """
    And given the workflow input is:
    """yaml
    {user: john, passwordKey: --password}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "--user=john --password=doe last\n"
    """

  Scenario: A map of arguments to a script is its variables
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.2', namespace: own, name: s8, version: 1.0.0}
    do:
    - a:
        run:
          script:
            language: sh
            arguments: {greeting: '${ .greetings }', who: you}
            environment: {who: nobody, mark: '!'}
            code: printf '%s, %s%s (%s)' "$greeting" "$who" "$mark" "$1"
    """
    And given the workflow input is:
    """yaml
    {greetings: Hello}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    Hello, you! (Hello)
    """

  Scenario: Arguments that are one expression may be a map too
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.2', namespace: own, name: s9, version: 1.0.0}
    do:
    - a: {run: {shell: {command: 'printf %s "$*"', arguments: '${ {a: .x, b: null} }'}}}
    """
    And given the workflow input is:
    """yaml
    {x: [1]}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "a=[1] b"
    """

  Scenario: A process that is not waited for gives what came in
    Given a workflow with definition:
    """yaml
    document: {dsl: '1.0.3', namespace: own, name: s10, version: 1.0.0}
    do:
    - a:
        input: {from: '${ .x }'}
        run: {await: false, shell: {command: "sleep 1; exit 3"}}
    - b: {run: {await: false, script: {language: sh, code: "exit 4"}}}
    """
    And given the workflow input is:
    """yaml
    {x: 7}
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    7
    """
