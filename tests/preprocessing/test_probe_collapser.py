"""ProbeCollapser: what becomes of the probes of a gene."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.preprocessing import ProbeCollapser, _probes

# p1 measures A and B; p3 none of the genes; q is not on the array
LINES = pd.DataFrame(
    [("p2", "B"), ("q", "Z"), ("p1", "A"), ("p1", "B"), ("p4", "A"), ("p5", "C"), ("p6", "A")],
    columns=["probe", "gene"],
)
AS_DICT = {
    "p2": "B",
    "q": ["Z"],
    "p1": ["A", "B"],
    "p4": ("A",),
    "p5": "C",
    "p6": np.array(["A"]),
    "p3": None,
}


@pytest.fixture
def profiles():
    values = np.random.default_rng(0).normal(size=(5, 6))
    return pd.DataFrame(values, columns=[f"p{i}" for i in range(1, 7)], index=list("vwxyz"))


def by_definition(profiles, method):
    """A, B and C computed one by one."""
    probes = {"B": ["p2", "p1"], "A": ["p1", "p4", "p6"], "C": ["p5"]}  # in the map's order
    pick = {
        "mean": lambda names: profiles[names].mean(axis=1),
        "median": lambda names: profiles[names].median(axis=1),
        "max_variance": lambda names: profiles[profiles[names].var().idxmax()],
        "listed": lambda names: profiles[names[0]],
    }[method]
    return pd.DataFrame({gene: pick(names) for gene, names in probes.items()})


@pytest.mark.parametrize("method", ["mean", "median", "max_variance", "listed"])
def test_genes_are_those_of_the_definition_in_the_maps_order(profiles, method):
    collapser = ProbeCollapser(LINES, method=method).set_output(transform="pandas")
    genes = collapser.fit_transform(profiles)
    pd.testing.assert_frame_equal(genes, by_definition(profiles, method), rtol=1e-14)
    assert collapser.get_feature_names_out().tolist() == ["B", "A", "C"]


@pytest.mark.parametrize(
    "gene_map",
    [
        AS_DICT,
        pl.from_pandas(LINES),
        LINES.assign(gene=LINES["gene"].astype("string")),
        pd.concat([LINES, LINES, pd.DataFrame({"probe": ["p3", "p3"], "gene": [np.nan, " "]})]),
        pd.concat(
            [LINES, pd.DataFrame({"probe": ["p3", "p1", "p3"], "gene": ["---", "NA", -666]})]
        ),
        LINES.set_index("probe")["gene"],
    ],
    ids=["dict", "polars", "strings", "repeated lines and gaps", "marks", "series"],
)
def test_every_form_of_a_map_says_the_same(profiles, gene_map):
    expected = ProbeCollapser(LINES).fit(profiles)
    collapser = ProbeCollapser(gene_map).fit(profiles)
    pd.testing.assert_frame_equal(collapser.choice_, expected.choice_)
    np.testing.assert_array_equal(collapser.transform(profiles), expected.transform(profiles))


def test_attributes_say_what_was_used_and_what_was_not(profiles):
    collapser = ProbeCollapser(LINES).fit(profiles)
    assert collapser.genes_.tolist() == ["B", "A", "C"]
    assert collapser.n_probes_.tolist() == [2, 3, 1]
    assert collapser.probes_.tolist() == ["p2", "p1", "p4", "p5", "p6"]
    assert collapser.choice_["gene"].tolist() == ["B", "B", "A", "A", "A", "C"]
    assert collapser.choice_["probe"].tolist() == ["p2", "p1", "p1", "p4", "p6", "p5"]
    assert collapser.genes_without_probe_.tolist() == ["Z"]
    assert collapser.probes_without_gene_.tolist() == ["p3"]
    assert collapser.n_features_in_ == 6


def test_the_choice_of_training_is_kept(profiles):
    """The probe of largest variance then, not now."""
    collapser = ProbeCollapser(LINES, method="max_variance").fit(profiles)
    chosen = dict(zip(collapser.choice_["gene"], collapser.choice_["probe"], strict=True))
    others = profiles.copy()
    others[chosen["A"]] *= 1e-3
    np.testing.assert_array_equal(collapser.transform(others)[:, 1], others[chosen["A"]])


def test_equal_variances_go_by_the_map(profiles):
    same = profiles.assign(p4=profiles["p1"], p6=profiles["p1"] + 0.0)
    choice = ProbeCollapser(LINES, method="max_variance").fit(same).choice_
    assert choice.loc[choice["gene"] == "A", "probe"].tolist() == ["p1"]


def test_other_columns_order_and_extra_probes_do_not_matter(profiles):
    collapser = ProbeCollapser(LINES).fit(profiles)
    expected = collapser.transform(profiles)
    more = profiles[["p6", "p5", "p4", "p2", "p1"]].assign(p99=np.nan, title="a protein")
    np.testing.assert_array_equal(collapser.transform(more), expected)
    np.testing.assert_array_equal(ProbeCollapser(LINES).fit_transform(more), expected)
    in_polars = pl.from_pandas(more.drop(columns="title"))
    np.testing.assert_array_equal(collapser.transform(in_polars), expected)
    with pytest.raises(GeneMismatchError, match=r"the 5 probes .* Got all but 1 \('p5'\)"):
        collapser.transform(profiles.drop(columns="p5"))


def test_probes_of_one_choice_are_all_that_is_needed(profiles):
    collapser = ProbeCollapser(LINES, method="listed").fit(profiles)
    assert collapser.probes_.tolist() == ["p2", "p1", "p5"]
    only = profiles[["p1", "p2", "p5"]]
    np.testing.assert_array_equal(collapser.transform(only), collapser.transform(profiles))


def test_arrays_go_by_position(profiles):
    positions = {1: "B", 0: ["A", "B"], 3: "A", 4: "C", 5: "A", 77: "Z"}
    by_name = ProbeCollapser(LINES).fit(profiles)
    by_position = ProbeCollapser(positions).fit(profiles.to_numpy())
    assert by_position.genes_.tolist() == by_name.genes_.tolist()
    expected = by_name.transform(profiles)
    np.testing.assert_array_equal(by_position.transform(profiles.to_numpy()), expected)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(by_name.transform(profiles.to_numpy()), expected)
    with pytest.raises(ValueError, match="6 features"):
        by_position.transform(np.ones((2, 5)))


@pytest.mark.parametrize("method", ["mean", "median"])
def test_rounding_does_not_depend_on_the_other_samples(method, monkeypatch):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(40, 60)) * 10.0 ** rng.integers(-8, 8, size=60)
    collapser = ProbeCollapser({i: f"g{i % 4}" for i in range(60)}, method=method).fit(X)
    together = collapser.transform(X)
    one_by_one = np.vstack([collapser.transform(X[[i]]) for i in range(len(X))])
    np.testing.assert_array_equal(one_by_one, together)
    monkeypatch.setattr(_probes, "BLOCK_VALUES", 300)
    np.testing.assert_array_equal(collapser.transform(X), together)


def test_float32_is_averaged_in_float64():
    X = np.array([[1e8, 1.0, -1e8, 5.0]], dtype=np.float32)
    genes = ProbeCollapser(dict.fromkeys(range(3), "A")).fit_transform(X)
    assert genes.dtype == np.float32
    assert genes.item() == np.float32(1 / 3)


def test_a_gene_of_one_probe_is_that_probe(profiles):
    for method in ("mean", "median", "max_variance", "listed"):
        genes = ProbeCollapser({"p3": "X"}, method=method).fit_transform(profiles)
        np.testing.assert_array_equal(genes[:, 0], profiles["p3"])


def test_a_map_of_another_array_is_refused(profiles):
    with pytest.raises(GeneMismatchError, match=r"the map has '1_at', the profiles 'p1', 'p2'"):
        ProbeCollapser({"1_at": "TP53"}).fit(profiles)
    with pytest.raises(GeneMismatchError, match=r"the profiles 0, 1, 2, 3, 4, …"):
        ProbeCollapser(LINES).fit(profiles.to_numpy())


@pytest.mark.parametrize(
    ("gene_map", "columns", "message"),
    [
        (LINES.rename(columns={"gene": "symbol"}), None, r"columns \['probe', 'symbol'\] instead"),
        (["p1", "p2"], None, "must be a frame with columns 'probe' and 'gene', a dict"),
        ({10: "A"}, [10, 20, 30, 40, 50, 60], "must be strings. Got others, such as 10, 20"),
        (LINES, ["p1", 2, "p3", "p4", "p5", "p6"], "such as 2, instead; convert them, and what"),
        (LINES, ["p1", "p1", "p3", "p4", "p5", "p6"], "profile probe must stand once"),
    ],
)
def test_what_is_no_map_or_has_no_names_is_refused(profiles, gene_map, columns, message):
    if columns is not None:
        profiles.columns = columns
    with pytest.raises(ValueError, match=message):
        ProbeCollapser(gene_map).fit(profiles)


def test_later_columns_must_be_named_by_strings_or_only_counted(profiles):
    """Columns named by int would be taken by position, in whatever order they stand."""
    X = profiles.to_numpy()
    counted = pd.DataFrame(X)
    collapser = ProbeCollapser({1: "B", 0: ["A", "B"]}).fit(counted)
    np.testing.assert_array_equal(collapser.transform(counted), collapser.transform(X))
    for columns in (range(5, -1, -1), range(1, 7)):
        with pytest.raises(ValueError, match="names of a frame of probes must be strings"):
            collapser.transform(pd.DataFrame(X, columns=columns))


def with_gaps(seed, share=0.4):
    """Profiles (12, 40), a map of 1 to 12 probes a gene in mixed order, and both as one column."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(12, 40)) * rng.gamma(2, 1, size=40)
    values[rng.random(values.shape) < share] = np.nan
    profiles = pd.DataFrame(values, columns=[f"p{i}" for i in range(40)])
    genes = rng.permutation(
        np.repeat([f"g{i}" for i in range(10)], [1, 1, 1, 2, 2, 3, 4, 5, 9, 12])
    )
    return profiles, pd.Series(genes, index=profiles.columns)


@pytest.mark.parametrize("method", ["mean", "median"])
@pytest.mark.parametrize("seed", range(5))
def test_gaps_leave_the_probes_that_were_measured(method, seed):
    profiles, genes = with_gaps(seed)
    collapser = ProbeCollapser(genes, method=method).set_output(transform="pandas")
    collapsed = collapser.fit_transform(profiles)
    expected = getattr(profiles.T.groupby(genes, sort=False), method)().T
    assert collapsed.isna().any(axis=None)
    pd.testing.assert_frame_equal(collapsed, expected, check_names=False, rtol=1e-13)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_gaps_change_no_bit_of_what_has_none(method):
    profiles, genes = with_gaps(0, share=0.0)
    collapser = ProbeCollapser(genes, method=method).fit(profiles)
    whole = collapser.transform(profiles)
    gappy = profiles.copy()
    gappy.iloc[3, ::2] = np.nan
    gappy["p7"] = np.nan
    touched = np.zeros(whole.shape, dtype=bool)
    touched[3], touched[:, collapser.genes_ == genes["p7"]] = True, True
    collapsed = collapser.transform(gappy)
    np.testing.assert_array_equal(collapsed[~touched], whole[~touched])
    one_by_one = [collapser.transform(gappy.iloc[[i]]) for i in range(len(gappy))]
    np.testing.assert_array_equal(np.vstack(one_by_one), collapsed)


@pytest.mark.parametrize("seed", range(5))
def test_variances_are_of_the_measured_values(seed):
    profiles, genes = with_gaps(seed)
    collapser = ProbeCollapser(genes, method="max_variance").set_output(transform="pandas")
    collapsed = collapser.fit_transform(profiles)
    chosen = profiles.var().groupby(genes, sort=False).idxmax()
    assert collapser.choice_.set_index("gene")["probe"].to_dict() == chosen.to_dict()
    for gene, probe in chosen.items():  # with the gaps it has
        np.testing.assert_array_equal(collapsed[gene], profiles[probe])


def test_a_probe_measured_once_does_not_vary():
    profiles = pd.DataFrame(
        {"none": [np.nan] * 3, "once": [np.nan, 1e6, np.nan], "twice": [1.0, 2.0, np.nan]}
    )
    collapser = ProbeCollapser(dict.fromkeys(profiles, "A"), method="max_variance")
    assert collapser.fit(profiles).probes_.tolist() == ["twice"]
    assert collapser.fit(profiles.assign(twice=5.0)).probes_.tolist() == ["none"]  # all equal


def test_a_listed_probe_keeps_its_gaps(profiles):
    gappy = profiles.mask(profiles > 0)
    genes = ProbeCollapser(LINES, method="listed").fit(profiles).transform(gappy)
    np.testing.assert_array_equal(genes, gappy[["p2", "p1", "p5"]])


@pytest.mark.parametrize("method", ["mean", "median", "max_variance", "listed"])
def test_infinite_values_are_no_gaps(profiles, method):
    collapser = ProbeCollapser(LINES, method=method).fit(profiles)
    bad = profiles.assign(p5=[np.nan, 1.0, -np.inf, np.inf, 0.0])
    for use in (collapser.transform, collapser.fit):
        with pytest.raises(ValueError, match=r"2 infinite \(inf\) .* sample 2, probe 'p5'"):
            use(bad)


def test_a_failed_fit_changes_nothing(profiles):
    collapser = ProbeCollapser(LINES).fit(profiles)
    before = dict(vars(collapser))
    with pytest.raises(ValueError, match=r"1 infinite .* sample 2, probe 'p4'; set"):
        collapser.fit(profiles.assign(p4=[1.0, np.nan, np.inf, 4.0, 5.0]))
    assert vars(collapser) == before


def test_variances_need_two_samples(profiles):
    with pytest.raises(ValueError, match="two samples to compare variances"):
        ProbeCollapser(LINES, method="max_variance").fit(profiles.iloc[:1])


def test_d_gex_lists_give_their_order():
    """All 943 landmarks of D-GEX from the probes of an HG-U133A array, in the list's order."""
    folder = os.environ.get("SKLEARN_DGEX_DATA")
    if not folder or not (Path(folder) / "l1000" / "HG_U133A.chip").exists():
        pytest.skip("needs l1000/HG_U133A.chip in the folder named by SKLEARN_DGEX_DATA")
    folder = Path(folder) / "l1000"
    probes = pd.read_csv(folder / "HG_U133A.chip", sep="\t", usecols=["pr_id"])["pr_id"]
    values = np.arange(2.0 * len(probes)).reshape(2, -1)
    array = pd.DataFrame(values, columns=probes.tolist())
    for name, n_genes in (("map_lm.txt", 943), ("map_tg.txt", 9519)):  # IL9R twice
        listed = pd.read_csv(folder / name, sep="\t", header=None, na_filter=False)
        lines = listed.assign(probe=listed[2].str.split(",")).explode("probe")
        gene_map = lines.rename(columns={0: "gene"})[["probe", "gene"]]
        collapser = ProbeCollapser(gene_map).fit(array)
        assert collapser.genes_.tolist() == listed[0].drop_duplicates().tolist()
        assert len(collapser.genes_) == n_genes
        assert collapser.genes_without_probe_.size == 0
        place = array.iloc[0].reindex(gene_map["probe"]).to_numpy()
        once = gene_map.assign(place=place).drop_duplicates()  # a probe that lists a gene twice
        expected = once.groupby("gene", sort=False)["place"].mean()
        np.testing.assert_allclose(collapser.transform(array)[0], expected.to_numpy(), rtol=1e-12)
