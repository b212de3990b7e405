// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls;

import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;
import java.util.stream.Stream;

/** Rules for the packages of a module, the same in each. A rule that no class concerns fails. */
public final class Walls {
    private Walls() {}

    /** @param root the package of the module, with a dot at its end */
    public static ArchRule noCycles(String root) {
        return SlicesRuleDefinition.slices().matching(root + "(**)").should().beFreeOfCycles();
    }

    /**
     * Arrows lead down: a package uses those of its own floor and of the floors below it.
     *
     * @param root the package of the module, with a dot at its end
     * @param floors from the top down, the names of the packages of each separated by commas
     */
    public static ArchRule floors(String root, List<String> floors) {
        Architectures.LayeredArchitecture house =
                Architectures.layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (String floor : floors) {
            String[] packages =
                    Stream.of(floor.split(",")).map(each -> root + each + "..").toArray(String[]::new);
            house = house.layer(floor).definedBy(packages);
        }
        house = house.whereLayer(floors.get(0)).mayNotBeAccessedByAnyLayer();
        for (int i = 1; i < floors.size(); i++) {
            String[] above = floors.subList(0, i).toArray(String[]::new);
            house = house.whereLayer(floors.get(i)).mayOnlyBeAccessedByLayers(above);
        }
        return house;
    }
}
