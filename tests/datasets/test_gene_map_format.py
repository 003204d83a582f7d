"""Which gene a probe measures, from files of Affymetrix, the Connectivity Map and D-GEX."""

import os
import tracemalloc
from pathlib import Path

import pytest

from sklearn_dgex.datasets import read_gene_list, read_gene_map
from sklearn_dgex.datasets._l1000_genes import read_dgex_list


def write(tmp_path, content):
    path = tmp_path / "map.txt"
    path.write_text(content)
    return path


def pairs_of(path):
    genes = read_gene_map(path)
    assert list(genes.columns) == ["probe", "gene"]
    return list(genes.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        (
            "Probe Set ID\tGene Symbol\tGene Title\n1_at\tA /// B\tx\n2_at\t---\ty\n3_at\tA\tz\n",
            [("1_at", "A"), ("1_at", "B"), ("3_at", "A")],
        ),
        (
            "pr_id\tpr_gene_id\tpr_gene_symbol\n1_at\t7\tNAN1\n2_at\t-666\t-666\n3_at\t8\tMARCH1\n",
            [("1_at", "NAN1"), ("3_at", "MARCH1")],
        ),
        (
            '#%netaffx\n"Gene Symbol","Probe Set ID","x"\n"A, B","1_at","1"\n"1","2_at","2"\n',
            [("1_at", "A, B"), ("2_at", "1")],
        ),
        ("A\tENSG1\t1_at\nB\tENSG2\t2_at,3_at\n", [("1_at", "A"), ("2_at", "B"), ("3_at", "B")]),
        ("1_at,A\n2_at,B\n2_at,C\n2_at,B\n", [("1_at", "A"), ("2_at", "B"), ("2_at", "C")]),
        ("probe;gene\n1_at;A\n", [("1_at", "A")]),
        ("gene;probe\nA;1_at\n", [("1_at", "A")]),  # by name, in whichever order
        ("probe\tname\n1_at\tA\n", [("1_at", "A")]),
        ("A\tENSG1\t1_at,2_at,3_at,4_at\n", [(f"{i}_at", "A") for i in range(1, 5)]),
        ("ID\tGene title, short, of it\tGene symbol\n1_at\tx\tA\n", [("1_at", "A")]),
        ('"PROBEID","SYMBOL","GENENAME"\n"1_at","A","x, y"\n', [("1_at", "A")]),
        ("Probe.Set.ID,Gene.Symbol,x\n1_at,A,\n", [("1_at", "A")]),
        (
            "^Annotation\n!Annotation_platform = GPL1\n#ID = ID from Platform\n"
            "!platform_table_begin\nID\tGene title\tGene symbol\n1_at\tx\tA\n"
            "!platform_table_end\n",
            [("1_at", "A")],
        ),
    ],
)
def test_pairs_are_found(tmp_path, content, pairs):
    assert pairs_of(write(tmp_path, content)) == pairs


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "a\tb\tc\n1\t2\t3\n",
            "Line 1 .* name a column of probes and one of gene symbols.* Got 3: 'a'",
        ),
        ("", "name a column of probes"),
        ("probe,gene\n1_at\n", "Line 2 of .* must have at least 2 fields. Got 1"),
        ("probe,gene\n1_at,\n", "followed by probes with genes. Got none"),
        ('gene,probe\n\nA,1_at\nB,"2\n', "Line 4 of .* quotes in pairs"),
        ("probe,gene\n1_at,A\0\n", "Line 2 of .* Got a NUL byte"),
    ],
)
def test_other_tables_are_refused(tmp_path, content, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_gene_map(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "genes"),
    [
        ("TP53\nMYC\n\nNA\n", ["TP53", "MYC", "NA"]),
        ("# my genes\r\ngene\r\nTP53\r\n1\r\n", ["TP53", "1"]),
        ("symbol,score\nTP53,0.5\nTP53,0.7\n", ["TP53", "TP53"]),
        ("UBE2C\tENSG00000175063\t202954_at\nRBKS\tENSG2\t2_at\n", ["UBE2C", "RBKS"]),
        ('"TP53","x"\n"A,B","y"\n', ["TP53", "A,B"]),
        ("TP53\ttumor protein, p53, x\nMYC\ta, b; c, d\n", ["TP53", "MYC"]),
        ("Gene.Symbol,x\nMYC,1\n", ["MYC"]),
    ],
)
def test_lists_are_read(tmp_path, content, genes):
    assert read_gene_list(write(tmp_path, content)) == genes


@pytest.mark.parametrize("n_lines_before", [0, 1])
def test_probes_times_genes_are_counted_before_they_are_made(tmp_path, n_lines_before):
    line = "///".join(f"g{i}" for i in range(4000)) + "\tENSG1\t"
    line += ",".join(f"p{i}" for i in range(4000)) + "\n"
    path = write(tmp_path, "A\tENSG1\t1_at\n" * n_lines_before + line)
    tracemalloc.start()
    with pytest.raises(
        ValueError, match=rf"Line {n_lines_before + 1} of .* a map of probes to genes. Got 16,0"
    ):
        read_gene_map(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_an_empty_list_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must name a gene"):
        read_gene_list(write(tmp_path, "# nothing\ngene\n\n"))


def real(name):
    folder = os.environ.get("SKLEARN_DGEX_DATA")
    path = Path(folder or "") / "l1000" / name
    if not folder or not path.exists():
        pytest.skip(f"{name} is not in the folder named by SKLEARN_DGEX_DATA")
    return path


def test_the_real_map_of_an_array():
    genes = read_gene_map(real("HG_U133A.chip"))
    lines = real("HG_U133A.chip").read_text().splitlines()[1:]
    expected = {
        (fields[0], symbol.strip())
        for fields in (line.split("\t") for line in lines)
        for symbol in fields[2].split("///")
    }
    expected = {pair for pair in expected if pair[1] not in ("-666", "")}
    assert set(genes.itertuples(index=False, name=None)) == expected
    assert genes["probe"].nunique() > 20_000


@pytest.mark.parametrize(("name", "n_genes"), [("map_lm.txt", 943), ("map_tg.txt", 9520)])
def test_the_real_lists_of_dgex(name, n_genes):
    genes, expected = read_gene_map(real(name)), read_dgex_list(real(name))
    exploded = expected.explode("probes")
    assert genes["probe"].tolist() == exploded["probes"].tolist()
    assert genes["gene"].tolist() == exploded["symbol"].tolist()
    assert read_gene_list(real(name)) == expected["symbol"].tolist()
    assert len(expected) == n_genes
