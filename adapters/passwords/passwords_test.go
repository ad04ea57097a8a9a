package passwords

import "testing"

func TestCheck(t *testing.T) {
	hash, err := Argon2{}.Hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Argon2{}.Hash("correct horse battery")
	if err != nil || again == hash {
		t.Fatalf("two hashes of one password must differ by their salt (%v)", err)
	}
	for _, c := range []struct {
		password, hash string
		want           bool
	}{{"correct horse battery", hash, true}, {"correct horse batterx", hash, false}, {"", hash, false}, {"x", "", false}, {"x", "no hash", false}} {
		if got := (Argon2{}).Check(c.password, c.hash); got != c.want {
			t.Errorf("Check(%q, %.12q) = %v", c.password, c.hash, got)
		}
	}
}
