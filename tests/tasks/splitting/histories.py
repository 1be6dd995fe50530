"""Histories as they may happen, and some that only a hostile or broken tool could write."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.tasks.splitting.raw_git import Folder, RawGit, Submodule

FOLDERS = (b"alpha", b"beta", b"gamma.x")
NAMES = (
    b"Ada Lovelace", b"Jos\xc3\xa9 Mu\xc3\xb1oz", b"O'Neil Jr.", b'"quoted"', b" blanks  inside ", b"back\\slash",
    b"latin \xe9", b".dots.", b"semi;colon,", b"\tTab\there", b"a", b"\xff\xfe", b"x <y", b"cont\x01rol", b"tail\\\\",
)  # fmt: skip
MAILS = (b"a@example.org", b"", b" b@example.org ", b"c@example.org.", b"d\\e@example.org", b"\xe9@example.org")
DATES = (
    b"1600000000 +0000", b"1600000000 -0000", b"1600000300 +0530", b"1600000300 -1145", b"1700000000 +1400",
    b"200000 +0100", b"100 -0500", b"4102444900 +0000", b"1600000000 +2500", b"1600000000 -0199", b"1600000000 +5",
)  # fmt: skip
MESSAGES = (
    b"one line\n", b"", b"\n", b"no newline at the end", b"subject\n\nbody\n\n\n", b"\n\nblank lines first\n",
    b"crlf\r\n\r\nbody\r\n", b"umlaut \xc3\xbc\n", b"latin \xfc\n", b"mixed \xc3\xbc \xfc\n", b"  indented\n\ttab \n",
    b"surrogate \xed\xa0\x80 and none \xef\xbf\xbf\n", b"cut \xf0\x9f\x98\n", b"overlong \xc0\xaf\n",
    b"emoji \xf0\x9f\x98\x80\n",
    b"# hash\n\nSigned-off-by: A <a@example.org>\n",
)  # fmt: skip
HEADERS = (
    b"encoding ISO-8859-1\n", b"encoding klingon\n", b"encoding UTF-8\n", b"encoding Shift_JIS\n",
    b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n",
    b"mergetag object 0000000000000000000000000000000000000000\n type commit\n tag x\n \n hi\n", b"x-odd header\n",
)  # fmt: skip


@dataclass
class Story:
    """Builds one random history; `oddness` is how often a commit has something unusual about it."""

    repo: RawGit
    chance: Random
    commits: int
    oddness: float = 0.25
    rename: dict[bytes, bytes] = field(default_factory=dict)  # other names for the folders, same story
    tips: list[tuple[str, Folder]] = field(default_factory=list)
    past: list[tuple[str, Folder]] = field(default_factory=list)
    clock: int = 1_500_000_000

    def tell(self) -> None:
        for _ in range(self.commits):
            self._one_more()
        self._commit(self._merged([tree for _, tree in self.tips[:8]]), [sha for sha, _ in self.tips[:8]])
        self._commit(self._with_some(copy.deepcopy(self.past[-1][1])), [self.past[-1][0]])
        self.repo.finish(self.past[-1][0])

    def _one_more(self) -> None:
        dice = self.chance.random()
        if not self.past or dice < 0.05:
            self._commit(self._changed({}), [])
        elif dice < 0.30 and len(self.tips) > 1:
            joined = self.chance.sample(self.tips, self.chance.randint(2, min(4, len(self.tips))))
            self._commit(self._merged([tree for _, tree in joined]), [sha for sha, _ in joined])
        else:
            sha, tree = self.chance.choice(self.past[-4:] if self.chance.random() < 0.5 else self.tips[-1:])
            self._commit(self._changed(copy.deepcopy(tree)), [sha])

    def _commit(self, tree: Folder, parents: list[str]) -> None:
        self.clock += self.chance.choice((0, 1, 60, -600))
        moment = b"%d +0200" % self.clock
        ident = b"Ada Lovelace <a@example.org> "
        author, committer = ident + moment, ident + moment
        message, more = b"change\n" if self.chance.random() < 0.3 else b"change %d\n" % len(self.past), b""
        if self.chance.random() < self.oddness:
            author = self._person(moment)
        if self.chance.random() < self.oddness / 2:
            committer = self._person(moment)
        if self.chance.random() < self.oddness:
            message = self.chance.choice(MESSAGES)
        if self.chance.random() < self.oddness:
            more = self.chance.choice(HEADERS)
        sha = self.repo.commit(self.repo.tree(self._renamed(tree)), parents, author, committer, message, more)
        self.tips = [tip for tip in self.tips if tip[0] not in parents] + [(sha, tree)]
        self.past.append((sha, tree))

    def _person(self, moment: bytes) -> bytes:
        date = self.chance.choice(DATES) if self.chance.random() < 0.4 else moment
        return b"%s <%s> %s" % (self.chance.choice(NAMES), self.chance.choice(MAILS), date)

    def _changed(self, tree: Folder) -> Folder:
        product = tree.setdefault(b"product", {})
        assert isinstance(product, dict)
        name = self.chance.choice(FOLDERS)
        match self.chance.choice(
            ("edit",) * 16 + ("other",) * 8 + ("delete", "move", "submodule", "empty", "nest", "whole")
        ):
            case "edit":
                inner = product.get(name)
                inner = product[name] = inner if isinstance(inner, dict) else {}
                inner[b"file%d" % self.chance.randint(0, 2)] = b"%d\n" % self.chance.randint(0, 3)
            case "other":
                tree[b"readme"] = b"%d\n" % self.chance.randint(0, 99)
            case "delete":
                product.pop(name, None)
            case "move":
                other = self.chance.choice(FOLDERS)
                if name in product:
                    product[other] = product.pop(name)
            case "submodule":
                product[name] = Submodule("1" * 40)
            case "empty":
                product[name] = {}
            case "nest":
                product[name] = {b"product": {name: {b"deep": b"1\n"}}}
            case "whole":
                del tree[b"product"]
                tree[b"readme"] = b"gone\n"
        return tree

    def _merged(self, trees: list[Folder]) -> Folder:
        merged = copy.deepcopy(self.chance.choice(trees))
        if self.chance.random() < 0.6:
            product = merged.setdefault(b"product", {})
            assert isinstance(product, dict)
            for name in FOLDERS:
                source = self.chance.choice(trees).get(b"product", {})
                assert isinstance(source, dict)
                if name in source:
                    product[name] = copy.deepcopy(source[name])
        return self._changed(merged) if self.chance.random() < 0.15 else merged

    def _with_some(self, tree: Folder) -> Folder:
        product = tree.setdefault(b"product", {})
        assert isinstance(product, dict)
        if not any(isinstance(content, dict) for content in product.values()):
            product[FOLDERS[0]] = {b"file0": b"last\n"}
        return tree

    def _renamed(self, tree: Folder) -> Folder:
        product = tree.get(b"product")
        if not self.rename or not isinstance(product, dict):
            return tree
        return {**tree, b"product": {self.rename.get(name, name): content for name, content in product.items()}}


def tell_story(path: Path, seed: int, commits: int, **options: object) -> RawGit:
    path.mkdir(parents=True)
    repo = RawGit(path)
    Story(repo, Random(seed), commits, **options).tell()  # type: ignore[arg-type]
    return repo
