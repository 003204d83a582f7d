def test_a_fit_counts_members_and_samples(quick, arrays, monkeypatch):
    monkeypatch.setattr("sklearn_dgex.training.device._cpu_multiplies_bfloat16", lambda: True)
    """From which "auto" takes products of bfloat16, on a CPU that has instructions for them."""
    X, y = arrays
    model = quick(n_members=2, max_iter=1).fit(X, y)
    n_products = 2 * model.n_parameters_ * model.batch_size_
    for threshold, precision in ((n_products, "bfloat16"), (n_products + 1, "float32")):
        monkeypatch.setattr("sklearn_dgex.training.device.BFLOAT16_WINS", threshold)
        assert quick(n_members=2, max_iter=1).fit(X, y).net_.precision == precision
