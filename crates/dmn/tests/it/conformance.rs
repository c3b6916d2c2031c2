//! The public conformance kit, when there is a copy of it: its path stands in `RUSLO_DMN_TCK`.

#[path = "support/kit.rs"]
mod kit;

/// Cases of a level that pass at least, in thousandths of all.
const FLOORS: [(&str, usize); 2] = [("compliance-level-2", 1000), ("compliance-level-3", 960)];

#[test]
fn the_kit_passes() {
    let Some(path) = std::env::var_os("RUSLO_DMN_TCK") else {
        println!("skipped: RUSLO_DMN_TCK names no copy of the conformance kit (make tck fetches one)");
        return;
    };
    let root = kit::root(std::path::Path::new(&path)).expect("RUSLO_DMN_TCK is a copy of dmn-tck/tck");
    for (level, floor) in FLOORS {
        let (passed, all) = kit::run_level(&root, level, "").cases;
        assert!(all > 0 && passed * 1000 >= all * floor, "{level}: {passed} of {all}");
    }
}
