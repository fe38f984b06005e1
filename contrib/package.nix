# Builds the program with nix, in a checkout or in the source archive:
#
#   nix-build --expr 'with import <nixpkgs> {}; callPackage contrib/package.nix {}'
{
  lib,
  stdenv,
  installShellFiles,
  rustPlatform,
}:

rustPlatform.buildRustPackage {
  pname = "rumormill";
  version = (lib.importTOML ../Cargo.toml).workspace.package.version;

  src = lib.cleanSource ../.;
  cargoLock.lockFile = ../Cargo.lock;
  cargoBuildFlags = [ "--bin" "rumormill" ];
  # The tests want a browser and namespaces of the network: `make test` runs them.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ];
  postInstall = lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
    installShellCompletion --cmd rumormill \
      --bash <($out/bin/rumormill completions bash) \
      --zsh <($out/bin/rumormill completions zsh) \
      --fish <($out/bin/rumormill completions fish)
    $out/bin/rumormill man > rumormill.1
    installManPage rumormill.1
  '';

  meta = {
    description = "A chat room without a server";
    homepage = "https://example.org/rumormill";
    license = with lib.licenses; [ mit asl20 ];
    mainProgram = "rumormill";
    platforms = lib.platforms.unix;
  };
}
