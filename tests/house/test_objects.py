"""No object has grown too many parts without saying why."""

import ast

MOST = 15
REASON = "Many attributes:"


def attributes(constructor):
    """What a constructor sets on `self`."""
    return {
        node.attr
        for node in ast.walk(constructor)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


def test_no_constructor_sets_many_attributes_without_a_reason(root):
    large = {}
    for path in sorted((root / "controller").rglob("*.py")):
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(one, ast.ClassDef) or REASON in (ast.get_docstring(one) or ""):
                continue
            for part in one.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__" and len(attributes(part)) > MOST:
                    large[f"{path.relative_to(root)}:{one.name}"] = len(attributes(part))
    assert large == {}, f"split them, or write '{REASON} ...' into the class's docstring"
