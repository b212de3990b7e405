// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles one source file with a mutation against the compiled program. Thread-safe. */
final class MutantCompiler {
    private final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    private final Path root;
    private final Path scratch;
    private final String libraries;

    MutantCompiler(Path root, Path scratch, String libraries) {
        this.root = root;
        this.scratch = scratch;
        this.libraries = libraries;
    }

    /** Returns the directory of the mutated classes. */
    Path compile(Mutation mutation, String source) throws IOException {
        Path file = scratch.resolve("sources")
                .resolve(mutation.name())
                .resolve(Path.of(mutation.file()).getFileName());
        Path classes = Files.createDirectories(scratch.resolve("classes").resolve(mutation.name()));
        Files.createDirectories(file.getParent());
        Files.writeString(file, source);
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(problems, Locale.ROOT, null)) {
            List<String> options =
                    List.of("-proc:none", "-nowarn", "-parameters", "-d", classes.toString(), "-cp", classPath());
            if (!compiler.getTask(null, files, problems, options, null, files.getJavaFileObjects(file))
                    .call()) {
                throw new IllegalArgumentException("does not compile: " + problems.getDiagnostics());
            }
        }
        return classes;
    }

    private String classPath() {
        return TestProcess.classPath(root, TestSources.MODULES, "classes") + libraries;
    }
}
