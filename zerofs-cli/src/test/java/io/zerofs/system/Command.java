// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A command line with its variables, its input and its limit in time. Its input is empty unless a test sets one. */
final class Command {
    private static final ProcessBuilder.Redirect NOTHING =
            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile());

    private final List<String> words;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private Duration limit = Duration.ofMinutes(3);
    private ProcessBuilder.Redirect input = NOTHING;

    private Command(List<String> words) {
        this.words = words;
    }

    static Command of(Object... words) {
        return new Command(Stream.of(words).map(Object::toString).toList());
    }

    Command with(Map<String, String> variables) {
        environment.putAll(variables);
        return this;
    }

    Command with(String variable, Object value) {
        return with(Map.of(variable, value.toString()));
    }

    Command within(Duration limit) {
        this.limit = limit;
        return this;
    }

    Command reading(Path file) {
        input = ProcessBuilder.Redirect.from(file.toFile());
        return this;
    }

    /** Makes the input a pipe, to which the test writes while the command runs. */
    Command readingPipe() {
        input = ProcessBuilder.Redirect.PIPE;
        return this;
    }

    /** Returns the same command at a terminal of its own. A test types its input. */
    Command atTerminal() throws InterruptedException {
        String line = words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        return Tool.SCRIPT.command("-qefc", line, "/dev/null").with(environment).readingPipe();
    }

    /** Returns the same command as arguments of another one, such as timeout. */
    Command after(Object... prefix) {
        List<String> line = Stream.concat(Stream.of(prefix).map(Object::toString), words.stream())
                .toList();
        Command whole = new Command(line).with(environment).within(limit);
        whole.input = input;
        return whole;
    }

    /** Starts the command, which runs while the test continues. */
    Running start() {
        ProcessBuilder builder = new ProcessBuilder(words).redirectInput(input);
        builder.environment().remove("JAVA_TOOL_OPTIONS"); // Java reports it in a line of its own
        builder.environment().putAll(environment);
        return new Running(String.join(" ", words), builder);
    }

    /** Runs the command to its end, which may be of any status. */
    Result result() throws InterruptedException {
        Running running = start();
        return new Result(running.awaitEnd(limit), running.output());
    }

    /** Runs the command and returns its output. Any status but 0 is a failure that shows the output. */
    String run() throws InterruptedException {
        Running running = start();
        int status = running.awaitEnd(limit);
        if (status != 0) {
            throw running.failure("ended with status " + status);
        }
        return running.output();
    }

    /** The status and the output of a command that has ended. */
    record Result(int status, String output) {}
}
