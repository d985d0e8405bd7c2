"""Every panel, overlay, list and menu, in every theme and contrast: axe finds nothing grave.

Each is opened once and looked at in every look; all faults of a test are told together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility import AXE, LOOKS, Examiner
from browser_studio import SLOW, Studio, new_window
from dropping import drop_workflow, gradient, paste_picture, postcard
from graph_building import middle, on_wire
from playwright.sync_api import Browser, Locator, Page, expect
from server_process import Server

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")

MENUS = ("File", "Edit", "Arrange", "View", "Run", "Help")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, packs: Path) -> Iterator[str]:
    """A studio of its own, with an embedding to complete."""
    models: Path = tmp_path_factory.mktemp("models")
    (models / "embeddings").mkdir()
    (models / "embeddings" / "mist.safetensors").write_bytes(b"")
    with Server(tmp_path_factory.mktemp("accessible"), packs, models) as server:
        yield server.link


@pytest.fixture
def examiner(page: Page) -> Iterator[Examiner]:
    examiner = Examiner.of(page)
    yield examiner
    assert examiner.faults == {}


def _close(page: Page, part: Locator) -> None:
    page.keyboard.press("Escape")
    expect(part).to_have_count(0)


def test_faults_are_found_in_every_look(page: Page) -> None:
    """Else the other tests would say nothing."""
    page.evaluate("""() => {
      const words = document.querySelector("main").appendChild(document.createElement("p"));
      words.append("Nobody can read this.");
      words.style.cssText =
        "position: absolute; left: 50px; top: 50px; color: #777; background: #888";
    }""")
    examiner = Examiner.of(page)
    examiner.look_at(page.get_by_text("Nobody can read this."), "words")
    looks = [fault.look for fault in examiner.faults["words"] if fault.rule == "color-contrast"]
    assert len(set(looks)) == len(looks) == len(LOOKS)


def test_a_gallery_where_nothing_was_made_yet(browser: Browser, tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        page = new_window(browser)
        page.goto(server.link)
        expect(page.locator("footer", has_text="connected")).to_be_visible()
        page.keyboard.press("Shift+G")
        gallery = page.get_by_role("dialog", name="All pictures")
        expect(gallery).to_contain_text("Pictures that runs make are kept here.")
        examiner = Examiner.of(page)
        examiner.look_at(gallery, "the empty gallery")
        page.context.close()
    assert examiner.faults == {}


def test_the_page_and_its_tour(studio: Studio, page: Page, examiner: Examiner) -> None:
    examiner.look_over("the page")
    page.locator("#library-search").fill("no such node")
    examiner.look_at(page.get_by_role("navigation", name="Library"), "nothing found")
    page.locator("#library-search").fill("")
    page.get_by_role("button", name="New").first.click()
    expect(page.locator(".react-flow__node")).to_have_count(0)
    examiner.look_at(page.get_by_role("main"), "an empty canvas")
    studio.command("Help", "Show the tour")
    stop = page.get_by_role("dialog")
    for place in range(1, 6):
        expect(stop).to_contain_text(f"{place} of 5")
        expect(stop.get_by_role("button").last).to_be_focused()
        examiner.look_at(stop, f"stop {place} of the tour")
        page.keyboard.press("Enter")
    expect(stop).to_have_count(0)


def test_nodes_fields_and_what_the_side_says_of_them(
    studio: Studio, page: Page, examiner: Examiner
) -> None:
    side = page.get_by_role("complementary", name="Activity")
    studio.node("KSampler").locator("header").click()
    examiner.look_at(side, "a node's fields")
    page.keyboard.press("F1")
    expect(page.get_by_role("region", name="Help")).to_be_focused()
    examiner.look_at(side, "a node's help")
    steps = studio.field("KSampler", "steps")
    steps.fill("0")
    examiner.look_at(studio.node("KSampler"), "a field that is wrong")
    steps.press("Escape")
    studio.node("What to paint").locator("header").click()
    studio.node("What to avoid").locator("header").click(modifiers=["Shift"])
    examiner.look_at(side, "two nodes' fields")

    workflow = postcard()
    workflow["nodes"]["1"]["values"]["ckpt_name"] = "gone"
    workflow["nodes"]["8"] = {"type": "gone/Glow", "at": [0, 400], "values": {"strength": 1}}
    drop_workflow(page, workflow)
    studio.node("Load Checkpoint").locator("header").click()
    page.keyboard.press("Control+Shift+m")
    problems = page.get_by_role("region", name="Problems")
    expect(problems.get_by_role("listitem").first).to_be_visible()
    examiner.look_over("problems and a node that is unknown")
    studio.forgiven.append("(Bad Request)")
    studio.run()
    expect(studio.state("Load Checkpoint")).to_have_text("error")
    examiner.look_at(page.get_by_role("main"), "what a run refused")


def test_what_went_wrong_and_its_details(studio: Studio, page: Page, examiner: Examiner) -> None:
    nodes = {"1": {"type": "Kettle", "at": [0, 0], "values": {}}}
    drop_workflow(page, {**postcard(), "nodes": nodes, "wires": [], "frames": [], "notes": []})
    studio.run()
    expect(studio.node("Kettle").locator("[role=alert]")).to_be_visible(timeout=SLOW)
    studio.node("Kettle").locator("header").click()
    page.keyboard.press("Control+Shift+m")
    expect(page.locator("details")).to_have_count(2)  # in the list and beside the page
    for details in page.locator("details").all():
        details.locator("summary").click()
        expect(details.locator("pre")).to_be_visible()
    examiner.look_over("what went wrong, with its details")


def test_menus(studio: Studio, page: Page, examiner: Examiner) -> None:
    page.get_by_role("button", name="Menu", exact=True).click()
    main = page.get_by_role("menu").first
    examiner.look_at(main, "the main menu")
    for name in MENUS:
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("menuitem", name=name, exact=True)).to_be_focused()
        page.keyboard.press("ArrowRight")
        menu = page.get_by_role("menu", name=name, exact=True)
        examiner.look_at(menu, f"the menu {name}")
        page.keyboard.press("ArrowLeft")
        expect(menu).to_have_count(0)
        expect(page.get_by_role("menuitem", name=name, exact=True)).to_be_focused()
    _close(page, page.get_by_role("menu"))


def test_menus_of_things_on_the_canvas(studio: Studio, page: Page, examiner: Examiner) -> None:
    page.get_by_role("button", name="Other ways to run").click()
    examiner.look_at(page.get_by_role("menu"), "ways to run")
    _close(page, page.get_by_role("menu"))

    sampler = studio.node("KSampler")
    sampler.locator("header").click()
    page.keyboard.press("Shift+c")
    colours = page.get_by_role("menu", name="Colour")
    examiner.look_at(colours, "colours")
    _close(page, colours)
    page.keyboard.press("Shift+n")
    page.get_by_role("textbox", name="Text of the note").fill("# A note\n\nwith *words*")
    page.keyboard.press("Escape")
    sampler.locator("header").click()
    page.keyboard.press("Control+g")
    expect(page.locator(".react-flow__node-frame input")).to_be_focused()
    page.keyboard.press("Enter")
    places = {
        "Node": middle(sampler.locator("header h2")),
        "Wire": on_wire(studio, "VAE Decode IMAGE", "Save Image images"),
        "Frame": middle(page.locator(".react-flow__node-frame header")),
        "Note": middle(page.locator(".react-flow__node-note")),
        "Canvas": (400, 80),
    }
    for name, place in places.items():
        page.mouse.click(*place, button="right")
        menu = page.get_by_role("menu", name=name, exact=True)
        examiner.look_at(menu, f"the menu of a {name}")
        _close(page, menu)
    examiner.look_at(page.get_by_role("main"), "a frame and a note")


def test_lists(studio: Studio, page: Page, examiner: Examiner) -> None:
    choices = (("KSampler", "sampler name"), ("Load Checkpoint", "ckpt name"))
    page.mouse.move(700, 850)
    paste_picture(page, gradient(64, 64))
    picture = studio.node("Load Image")
    expect(picture.locator("img")).to_be_visible()
    for title, name in (*choices, ("Load Image", "image")):
        studio.node(title).get_by_role("combobox", name=name).click()
        options = page.get_by_role("listbox", name=name)
        examiner.look_at(options.locator(".."), f"the list of {name}")
        _close(page, options)

    studio.node("KSampler").locator("header").click()
    page.keyboard.press("c")
    ports = page.get_by_role("listbox", name="Which port")
    examiner.look_at(ports.locator(".."), "ports to wire")
    page.keyboard.type("latent output")
    page.keyboard.press("Enter")
    partners = page.get_by_role("listbox", name="Wire")
    examiner.look_at(partners.locator(".."), "what a port can be wired to")
    _close(page, partners)
    page.keyboard.press("Tab")
    menu = page.get_by_role("dialog", name="Add a node")
    examiner.look_at(menu, "what can be added")
    _close(page, menu)

    words = studio.field("What to avoid", "text")
    words.press_sequentially("embedding:mi")
    embeddings = page.get_by_role("listbox", name="Embeddings")
    examiner.look_at(embeddings.locator(".."), "embeddings")
    page.keyboard.press("Escape")
    studio.field("KSampler", "steps").focus()
    page.keyboard.press("Tab")
    examiner.look_at(page.locator("[role=tooltip]"), "a tip")


def test_dialogs(studio: Studio, page: Page, examiner: Examiner) -> None:
    studio.node("KSampler").locator("header").click()
    dialogs = {
        "Control+k": "Find anything",
        "Control+Comma": "Settings",
        "Shift+?": "Shortcuts",
        "Control+Alt+g": "Sweep",
    }
    for keys, name in dialogs.items():
        page.locator("[data-canvas]").focus()
        page.keyboard.press(keys)
        dialog = page.get_by_role("dialog", name=name, exact=True)
        examiner.look_at(dialog, name)
        _close(page, dialog)
    studio.command("Help", "About")
    about = page.get_by_role("dialog", name=re.compile("Wirebrush"))
    examiner.look_at(about, "About")
    _close(page, about)

    page.keyboard.press("Shift+?")
    shortcuts = page.get_by_role("dialog", name="Shortcuts")
    shortcuts.get_by_role("button", name=re.compile("^Undo")).click()
    page.keyboard.press("Control+k")
    examiner.look_at(shortcuts, "keys that clash")
    shortcuts.get_by_role("searchbox").fill("no such command")
    examiner.look_at(shortcuts, "no such command")
    page.keyboard.press("Escape")
    _close(page, shortcuts)


def test_files(studio: Studio, page: Page, examiner: Examiner) -> None:
    studio.save()
    page.keyboard.press("Control+o")
    files = page.get_by_role("dialog", name="Open a workflow")
    expect(files.get_by_role("region", name="Templates")).to_be_visible()
    examiner.look_at(files, "what can be opened")
    files.get_by_role("button", name=f"More for {studio.name}", exact=True).click()
    examiner.look_at(page.get_by_role("menu"), "what can be done with a file")
    page.get_by_role("menuitem", name="Rename or move").click()
    examiner.look_at(files, "a file that is renamed")
    page.keyboard.press("Escape")
    files.get_by_role("searchbox").fill("no such file")
    examiner.look_at(files, "no such file")
    page.keyboard.press("Escape")
    _close(page, files)

    taken = studio.name
    studio.open_template("Postcard")
    page.keyboard.press("Control+Shift+s")
    name = page.get_by_role("dialog", name="Save as")
    name.get_by_label("Name").fill(taken)
    page.keyboard.press("Enter")
    studio.forgiven.append("412 (Precondition Failed)")
    expect(name.get_by_role("alert")).to_be_visible()
    examiner.look_at(name, "a name that is taken")


def test_versions_and_conflicts(studio: Studio, page: Page, examiner: Examiner) -> None:
    studio.save()
    studio.set_number("KSampler", "steps", "21")
    studio.save()
    studio.command("File", "Versions…")
    versions = page.get_by_role("dialog", name="Versions of")
    versions.get_by_role("listitem").first.get_by_role("button").click()
    expect(versions.get_by_role("list", name="Differences")).to_be_visible()
    examiner.look_at(versions, "an earlier version beside this one")
    _close(page, versions)

    studio.set_number("KSampler", "steps", "22")
    studio.kept()
    studio.edit_elsewhere()
    studio.set_number("KSampler", "steps", "23")
    conflict = page.get_by_role("alertdialog")
    examiner.look_at(conflict, "two windows edited one document")
    conflict.get_by_role("button", name="Compare").click()
    compared = page.get_by_role("dialog", name="was changed in two windows")
    examiner.look_at(compared, "both edits beside each other")


def test_subgraphs(studio: Studio, page: Page, examiner: Examiner) -> None:
    studio.node("KSampler").locator("header").click()
    studio.node("VAE Decode").locator("header").click(modifiers=["Control"])
    page.keyboard.press("Control+Shift+G")
    panel = page.get_by_role("region", name=re.compile("^The subgraph"))
    examiner.look_at(panel, "a subgraph's ports")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill("Add to the library")
    page.keyboard.press("Enter")
    shelf = page.get_by_role("region", name="Saved subgraphs")
    examiner.look_at(shelf, "saved subgraphs")
    page.keyboard.press("Shift+Enter")
    studio.node("KSampler").locator("header").click()
    expect(panel).to_contain_text("Publish")
    examiner.look_over("inside a subgraph")


def test_pictures(studio: Studio, page: Page, examiner: Examiner) -> None:
    studio.set_number("KSampler", "steps", "2")
    page.get_by_label("Number of runs").fill("2")
    studio.run()
    expect(studio.jobs("succeeded")).to_have_count(2, timeout=SLOW)
    studio.jobs("succeeded").first.get_by_role("button", expanded=False).click()
    examiner.look_over("the page after a run")

    page.keyboard.press("Shift+G")
    gallery = page.get_by_role("dialog", name="All pictures")
    tiles = gallery.locator("li[data-asset]")
    expect(tiles.nth(1)).to_be_visible()
    expect(gallery).to_contain_text(re.compile(r"\d+ pictures"))  # the server has answered
    chosen = [tiles.nth(place).get_attribute("data-asset") for place in range(2)]
    for tile in (tiles.nth(0), tiles.nth(1)):
        tile.get_by_role("checkbox").click(force=True)
    tiles.nth(1).get_by_role("button", name="Star", exact=True).click(force=True)
    examiner.look_at(gallery, "the gallery, two chosen")
    gallery.get_by_role("button", name="Compare").click()
    lightbox = page.get_by_role("dialog", name="Picture", exact=True)
    expect(lightbox.get_by_role("slider")).to_be_visible()
    examiner.look_at(lightbox, "two pictures compared")
    lightbox.get_by_role("button", name="Side by side").click()
    examiner.look_at(lightbox, "two pictures side by side")
    _close(page, lightbox)
    tiles.nth(0).get_by_role("button").first.click()
    examiner.look_at(lightbox, "the lightbox")
    _close(page, lightbox)
    gallery.get_by_role("button", name="Delete", exact=True).click()
    undo = page.get_by_role("main").get_by_role("button", name="Undo", exact=True)
    undo.focus()  # as long as it has the keyboard, the notice stays
    examiner.look_at(undo.locator(".."), "a notice that can be undone")
    undo.click()
    for asset in chosen:
        expect(gallery.locator(f"[data-asset='{asset}']")).to_have_count(1)


def test_picture_editors(studio: Studio, page: Page, examiner: Examiner) -> None:
    paste_picture(page, gradient(64, 64))
    node = studio.node("Load Image")
    expect(node.locator("img")).to_be_visible()
    examiner.look_at(node, "a picture that was pasted")
    for tool in ("Crop the picture", "Paint a mask"):
        node.get_by_role("button", name=tool).click()
        editor = page.get_by_role("dialog", name=tool)
        expect(editor.locator("img")).to_be_visible()
        examiner.look_at(editor, tool)
        _close(page, editor)
    node.get_by_role("button", name="Take a picture").click()
    camera = page.get_by_role("dialog", name="Take a picture")
    expect(camera.get_by_role("button", name="Take the picture")).to_be_enabled()
    examiner.look_at(camera, "the camera")
    _close(page, camera)
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject() }")
    node.get_by_role("button", name="Take a picture").click()
    expect(camera).to_contain_text("There is no camera")
    examiner.look_at(camera, "no camera")


def test_a_sweep(studio: Studio, page: Page, examiner: Examiner) -> None:
    studio.node("KSampler").locator("header").click()
    page.keyboard.press("Control+Alt+g")
    dialog = page.get_by_role("dialog", name="Sweep", exact=True)
    dialog.get_by_label("Values: Columns").fill("2, x")
    dialog.get_by_role("button", name="Add rows").click()
    examiner.look_at(dialog, "a sweep that is not filled in")
    dialog.get_by_label("Values: Columns").fill("2, 4")
    dialog.get_by_label("What varies: Rows").select_option(label="KSampler · cfg")
    dialog.get_by_label("Values: Rows").fill("1, 3")
    dialog.get_by_role("button", name="Make 4 pictures").click()
    grid = page.locator("[data-sweep-grid]")
    examiner.look_at(grid, "a grid that fills")
    expect(grid.locator("td img")).to_have_count(4, timeout=SLOW)
    examiner.look_at(grid, "a grid of pictures")
    page.keyboard.press("Escape")
    examiner.look_at(page.locator("aside"), "a sweep in the queue")
