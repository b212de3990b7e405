// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.PrintStream;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program's entry: runs the command, and exits with its status and at most one line on stderr. */
@Command(
        name = "zerofs",
        description = "A file system and block devices on an object store.",
        subcommands = {
            InitCommand.class,
            RunCommand.class,
            ChangePasswordCommand.class,
            FsckCommand.class,
            StatusCommand.class,
            FlushCommand.class,
            LogCommand.class,
            NbdCommand.class,
            TraceCommand.class,
            SnapshotCommand.class,
            DoctorCommand.class,
            BenchCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        footer = "%nExit codes: see docs/operations.md.")
public final class Main {
    /** Reads the version from the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"zerofs " + number()};
        }

        static String number() {
            String version = Main.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }

    Main() {}

    public static void main(String[] arguments) {
        if (arguments.length == 1 && (arguments[0].equals("--version") || arguments[0].equals("-V"))) {
            System.out.println(new Version().getVersion()[0]);
            return;
        }
        LogStream.install();
        System.exit(execute(System.err, arguments));
    }

    /** Runs a command and returns the exit status. */
    static int execute(PrintStream errors, String... arguments) {
        for (String argument : arguments) {
            if (argument.indexOf('\uFFFD') >= 0) {
                errors.println("zerofs: \"" + oneLine(argument)
                        + "\" has characters that are lost in this locale, or no UTF-8; set LC_ALL=C.UTF-8");
                return ExitCode.USAGE.status();
            }
        }
        Optional<RunCommand> usual = RunCommand.ofUsual(arguments);
        return usual.isPresent() ? call(errors, usual.get()).status() : parse(errors, arguments);
    }

    /** Runs a daemon without the classes of the parser, which take a tenth of the time of a start. */
    private static ExitCode call(PrintStream errors, RunCommand command) {
        try {
            command.call();
            return ExitCode.OK;
        } catch (Exception | Error e) {
            return report(errors, e);
        }
    }

    private static int parse(PrintStream errors, String... arguments) {
        CommandLine commandLine = new CommandLine(new Main())
                .setParameterExceptionHandler((error, ignored) -> {
                    errors.println("zerofs: " + oneLine(error.getMessage()) + "; see `"
                            + error.getCommandLine().getCommandSpec().qualifiedName() + " --help`");
                    return statusOf(ExitCode.USAGE, error.getCommandLine());
                })
                .setExecutionExceptionHandler((error, command, parsed) -> statusOf(report(errors, error), command));
        try {
            return commandLine.execute(arguments);
        } catch (Error e) {
            return report(errors, e).status();
        }
    }

    private static int statusOf(ExitCode code, CommandLine command) {
        return command.getCommand() instanceof FsckCommand ? FsckStatus.of(code).status() : code.status();
    }

    private static ExitCode report(PrintStream errors, Throwable error) {
        if (error instanceof ExitException exit) {
            errors.println("zerofs: " + oneLine(exit.getMessage()));
            return exit.code();
        }
        errors.println("zerofs: internal error: " + oneLine(error.toString()) + "; ZEROFS_LOG=debug shows where");
        LoggerFactory.getLogger(Main.class).debug("internal error", error);
        return ExitCode.INTERNAL;
    }

    private static String oneLine(String message) {
        return message.replaceAll("\\s*\\R\\s*", " ");
    }
}
