// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ExitCodeTest {
    private static final Pattern ROW_OF_TWO = Pattern.compile("\\| (\\d+ \\| [^|]+) \\|");
    private static final Pattern ROW = Pattern.compile("\\| (\\d+ \\| [^|]+) \\| [^|]*\\|");

    static ExitCode codeOf(int status) {
        return Arrays.stream(ExitCode.values())
                .filter(code -> code.status() == status)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theOperationsPageListsTheStatusesOfFsck() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        String section = page.substring(page.indexOf("## Checking a volume"), page.indexOf("## Exit codes"));
        List<String> rows = section.lines()
                .map(ROW_OF_TWO::matcher)
                .filter(Matcher::matches)
                .map(row -> row.group(1))
                .toList();
        List<String> codes = Arrays.stream(FsckStatus.values())
                .map(code -> code.status() + " | " + code.meaning())
                .toList();
        assertEquals(codes, rows);
    }

    @Test
    void theOperationsPageListsAllOfThem() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        String section = page.substring(page.indexOf("## Exit codes"), page.indexOf("## The log"));
        List<String> rows = section.lines()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> row.group(1))
                .toList();
        List<String> codes = Arrays.stream(ExitCode.values())
                .map(code -> code.status() + " | " + code.meaning())
                .toList();
        assertEquals(codes, rows);
    }

    @Test
    void theDocumentedUnitRestartsExactlyWhereThatHelps() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        Matcher unit =
                Pattern.compile("(?m)^RestartPreventExitStatus=([0-9 ]+)$").matcher(page);
        assertTrue(unit.find());
        String codes = Arrays.stream(ExitCode.values())
                .filter(code -> !code.restartHelps())
                .map(code -> String.valueOf(code.status()))
                .collect(Collectors.joining(" "));
        assertEquals(codes, unit.group(1));
    }
}
