//! What is written about inputs and outputs is what the program has: `action.yml`, the README's
//! tables, and the flags.

use std::collections::BTreeSet;

use cloudfront_delta::inputs::{INPUTS, Input, command};
use cloudfront_delta::report::outputs::OUTPUTS;
use serde_norway::Value;

const ACTION: &str = include_str!("../../action.yml");
const README: &str = include_str!("../../README.md");

fn action() -> Value {
    serde_norway::from_str(ACTION).expect("action.yml is YAML")
}

fn names(section: &Value) -> Vec<&str> {
    let section = section.as_mapping().expect("a section");
    section
        .keys()
        .map(|name| name.as_str().expect("a name"))
        .collect()
}

/// The rows of the table that stands between two markers, without its head.
fn table(name: &str) -> Vec<Vec<String>> {
    let (begin, end) = (
        format!("<!-- begin {name} -->"),
        format!("<!-- end {name} -->"),
    );
    let rest = README
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{begin} is missing"))
        .1;
    let table = rest
        .split_once(&end)
        .unwrap_or_else(|| panic!("{end} is missing"))
        .0;
    let rows = table.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        // `\|` is a bar within a cell; any other character may be escaped as well.
        let cells = row.replace("\\|", "\u{0}");
        let cells = cells
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"));
        cells
            .map(|cell| cell.replace('\\', "").replace("&lt;", "<"))
            .collect()
    })
    .collect()
}

fn code(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{text}`")
    }
}

fn of_the_action() -> impl Iterator<Item = &'static Input> {
    INPUTS.iter().filter(|input| input.action)
}

#[test]
fn action_yml_has_every_input_with_its_default() {
    let action = action();
    let inputs = &action["inputs"];
    assert_eq!(
        names(inputs),
        of_the_action().map(|input| input.name).collect::<Vec<_>>()
    );
    for input in of_the_action() {
        let given = &inputs[input.name];
        assert_eq!(
            given["description"].as_str(),
            Some(input.help),
            "{}",
            input.name
        );
        // A runner passes the default on, and it must mean what the binary's own means.
        assert_eq!(
            given["default"].as_str().unwrap_or_default(),
            input.default,
            "{}",
            input.name
        );
        assert_ne!(
            given["required"].as_bool(),
            Some(true),
            "{}: no runner enforces it",
            input.name
        );
    }
}

#[test]
fn action_yml_has_every_output() {
    let action = action();
    let outputs = &action["outputs"];
    assert_eq!(
        names(outputs),
        OUTPUTS.iter().map(|(name, _)| *name).collect::<Vec<_>>()
    );
    for (name, meaning) in OUTPUTS {
        assert_eq!(
            outputs[*name]["description"].as_str(),
            Some(*meaning),
            "{name}"
        );
    }
}

#[test]
fn action_yml_runs_a_container_and_can_be_listed() {
    let action = action();
    assert_eq!(action["runs"]["using"].as_str(), Some("docker"));
    let image = action["runs"]["image"].as_str().expect("an image");
    assert!(
        image == "Dockerfile" || image.contains("@sha256:"),
        "{image} is not pinned"
    );
    for key in ["name", "description"] {
        assert!(
            action[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}"
        );
    }
    for key in ["icon", "color"] {
        assert!(action["branding"][key].is_string(), "branding: {key}");
    }
}

#[test]
fn the_readme_has_every_input_flag_and_output() {
    let row = |input: &Input, name: String| vec![name, code(input.default), input.help.to_owned()];
    let expected: Vec<_> = of_the_action()
        .map(|input| row(input, code(input.name)))
        .collect();
    assert_eq!(table("inputs"), expected);
    let flags = INPUTS.iter().filter(|input| !input.action);
    let expected: Vec<_> = flags
        .map(|flag| row(flag, format!("`--{}`", flag.name)))
        .collect();
    assert_eq!(table("flags"), expected);
    let expected: Vec<_> = OUTPUTS
        .iter()
        .map(|(name, meaning)| vec![code(name), (*meaning).to_owned()])
        .collect();
    assert_eq!(table("outputs"), expected);
}

#[test]
fn every_input_is_a_flag_and_every_flag_an_input() {
    let command = command();
    let flags: BTreeSet<_> = command
        .get_arguments()
        .filter_map(|flag| flag.get_long())
        .collect();
    let inputs: BTreeSet<_> = INPUTS.iter().map(|input| input.name).collect();
    assert_eq!(flags, inputs);
    assert_eq!(INPUTS.len(), inputs.len(), "each name once");
}

#[test]
fn every_input_that_the_readme_and_the_examples_set_exists() {
    let inputs: BTreeSet<_> = of_the_action().map(|input| input.name).collect();
    let mut used = 0;
    for step in README
        .split("uses: ")
        .skip(1)
        .filter(|step| step.contains("cloudfront-delta@"))
    {
        let Some((_, with)) = step.split_once("with:\n") else {
            continue;
        };
        let depth = |line: &str| line.len() - line.trim_start().len();
        let indent = with.lines().next().map_or(0, depth);
        for line in with
            .lines()
            .take_while(|line| depth(line) >= indent && !line.trim().is_empty())
        {
            if depth(line) > indent || line.trim_start().starts_with('#') {
                continue;
            }
            let name = line.trim().split(':').next().unwrap_or_default();
            assert!(
                inputs.contains(name),
                "the README sets `{name}`, which is no input"
            );
            used += 1;
        }
    }
    assert!(used >= 3, "the README shows how to use the action");
}
