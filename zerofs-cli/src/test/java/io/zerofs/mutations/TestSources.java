// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The sources of the tests of all modules, which have the full names of test classes. */
record TestSources(Path root, List<Path> files) {
    static final List<String> MODULES = List.of("zerofs-core", "zerofs-storage", "zerofs-server", "zerofs-cli");

    private static final String TESTS = "src/test/java";

    static TestSources of(Path root) throws IOException {
        List<Path> all = new ArrayList<>();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve(TESTS))) {
                files.forEach(all::add);
            }
        }
        return new TestSources(root, all);
    }

    String className(String test) {
        Path inPackages = root.resolve(moduleOf(test)).resolve(TESTS).relativize(find(test));
        return inPackages.toString().replace(".java", "").replace(File.separatorChar, '.');
    }

    String moduleOf(String test) {
        return root.relativize(find(test)).getName(0).toString();
    }

    /** Returns the source of a test class. A simple name must be unique; otherwise a part of its package comes before it. */
    Path find(String test) {
        String suffix = "/" + test.replace('.', '/') + ".java";
        List<Path> found =
                files.stream().filter(file -> file.toString().endsWith(suffix)).toList();
        if (found.size() != 1) {
            throw new IllegalArgumentException(found.size() + " test classes have the name " + test);
        }
        return found.get(0);
    }
}
