from napari_trsmi.gui.session.deeds import MOST, Deed, Deeds


def counted():
    deeds, said = Deeds(), []
    for name in "ab":
        deeds.add(Deed(name, lambda n=name: said.append(f"-{n}"), lambda n=name: said.append(f"+{n}")))
    return deeds, said


def test_what_was_done_last_is_undone_first_and_named():
    deeds, said = counted()
    assert deeds.last == "b"
    deeds.undo()
    assert (deeds.last, deeds.next) == ("a", "b")
    deeds.undo()
    deeds.undo()
    assert said == ["-b", "-a"]
    deeds.redo()
    assert said[-1] == "+a"
    assert (deeds.last, deeds.next) == ("a", "b")


def test_something_new_ends_what_could_be_done_again():
    deeds, _ = counted()
    deeds.undo()
    deeds.add(Deed("c", lambda: None, lambda: None))
    assert (deeds.last, deeds.next) == ("c", "")


def test_what_undoing_does_is_not_a_deed_of_its_own():
    deeds = Deeds()
    deeds.add(Deed("a", lambda: deeds.add(Deed("echo", lambda: None, lambda: None)), lambda: None))
    deeds.undo()
    assert (deeds.last, deeds.next) == ("", "a")


def test_the_list_has_an_end():
    deeds = Deeds()
    for k in range(MOST + 5):
        deeds.add(Deed(str(k), lambda: None, lambda: None))
    for _ in range(MOST):
        deeds.undo()
    assert (deeds.last, deeds.next) == ("", "5")
