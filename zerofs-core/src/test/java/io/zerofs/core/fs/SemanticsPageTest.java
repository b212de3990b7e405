// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.vfs.AttributeContract;
import io.zerofs.core.vfs.CreationContract;
import io.zerofs.core.vfs.DataContract;
import io.zerofs.core.vfs.ListingContract;
import io.zerofs.core.vfs.RemovalContract;
import io.zerofs.core.vfs.RenameContract;
import io.zerofs.core.vfs.XattrContract;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/semantics.md and the contracts name the same statements. */
final class SemanticsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "semantics.md");
    private static final Pattern ROW = Pattern.compile("\\| ([a-z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*) \\|\\s*$");

    @Test
    void everyRowHasItsTestAndEveryTestItsRow() throws Exception {
        Set<String> rows = new TreeSet<>();
        for (String line : Files.readAllLines(PAGE)) {
            Matcher row = ROW.matcher(line);
            if (row.find()) {
                rows.add(row.group(1));
            }
        }
        Set<String> tests = new TreeSet<>();
        for (Class<?> contract : new Class<?>[] {
            AttributeContract.class,
            CreationContract.class,
            DataContract.class,
            ListingContract.class,
            RemovalContract.class,
            RenameContract.class,
            XattrContract.class,
            LimitsTest.class
        }) {
            for (Method method : contract.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Test.class)) {
                    tests.add(method.getName());
                }
            }
        }
        assertEquals(tests, rows);
    }
}
